packages="db5.3-util perl" files=db.db instants=rest
variants="perl load"
keeps="a B-tree: pages by pwrite(), from a cache of the program's own"
case $variant in
perl) title="Berkeley DB, Perl's DB_File" ;;
load)
	title="Berkeley DB, db5.3_load"
	for f in commit abort twice load cut; do cannot[$f]="db5.3_load writes its pages when it ends: there is nothing in its file to commit before"; done
	;;
esac
perl_program='
use DB_File;
$| = 1;
my $db = tie my %h, "DB_File", "db.db", O_RDWR|O_CREAT, 0644, $DB_BTREE or die;
while (<STDIN>) {
	my ($what, $n) = split;
	if ($what eq "exit") { exit $n }
	if ($what eq "put") { $h{"batch$n-$_"} = "value-of-batch$n-$_" for map { sprintf "%03d", $_ } 1 .. 200 }
	if ($what eq "sync") { $db->sync }
	print "$what $n\n";
}'

fresh() { lines 0 | tr ' ' '\n' | db5.3_load -T -t btree db.db; }
if [ "$variant" = perl ]; then
	start() { feed perl -e "$perl_program"; }
	durable() {
		unfinished $1
		say "sync $1"
		answered "sync $1"
	}
	put() { durable $1; }
	unfinished() { say "put $1"; answered "put $1"; }
	fail() { say 'exit 3'; finish 3; }
else
	start() { feed db5.3_load -T -t btree db.db; }
	put() {
		say "$(lines $1 | tr ' ' '\n')"
		swallowed
	}
	durable() { put $1; }
fi
content() { db5.3_dump -p db.db | sed -n 's/^ //p' | paste -d' ' - -; }

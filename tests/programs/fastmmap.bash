title="Perl, Cache::FastMmap" packages="libcache-fastmmap-perl perl" files=db.fm instants=rest
keeps="a hash table: mapped, stored to by four forked processes"

fresh() {
	rm -f db.fm
	perl -MCache::FastMmap -e 'my $c = Cache::FastMmap->new(share_file => "db.fm", init_file => 1, unlink_on_exit => 0,
		serializer => "", page_size => 65536, num_pages => 5, expire_time => 0);
		for (1 .. 200) { my $k = sprintf "batch0-%03d", $_; $c->set($k, "value-of-$k") }'
}
start() { feed perl "$TOP/tests/progs/fastmmap.pl"; }
put() { say "put $1"; answered "put $1"; }
durable() { put "$1"; }
reread() { say look; answered "look $*"; }
fail() { say 'exit 3'; finish 3; }
content() { perl "$TOP/tests/progs/fastmmap.pl" print; }

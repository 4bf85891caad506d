# Keeps lines in a Cache::FastMmap; three forked children and their parent each put a quarter of a batch.  Words: put N,
# lose N (put, and the child that put the first quarter is killed and another forked), look, exit STATUS.  With the argument
# "print" it prints all of them.
use strict;
use warnings;
use Cache::FastMmap;
use IO::Handle;

my $cache = Cache::FastMmap->new(share_file => "db.fm", init_file => 0, unlink_on_exit => 0, serializer => "",
	page_size => 65536, num_pages => 5, expire_time => 0, empty_on_exit => 0, catch_deadlocks => 1);

sub batch { my ($n) = @_; map { sprintf "batch%d-%03d", $n, $_ } 1 .. 200 }

sub put {
	my ($n, $part) = @_;
	for my $key ((batch($n))[50 * $part .. 50 * $part + 49]) {
		$cache->set($key, "value-of-$key") or die "$key: not stored";
	}
}

# The batches that are there, each whole; keys that all processes see.
sub look {
	my %found = map { $_->{key} => $_->{value} } $cache->get_keys(2);
	my %batches = map { /^batch(\d)/; $1 => 1 } keys %found;
	for my $key (map { batch($_) } keys %batches) {
		die "$key: missing or wrong" unless ($found{$key} // "") eq "value-of-$key";
	}
	return join " ", sort keys %batches;
}

if (@ARGV) {
	print map { "$_->{key} $_->{value}\n" } sort { $a->{key} cmp $b->{key} } $cache->get_keys(2);
	exit 0;
}

my @children;

sub do_word {
	my ($what, @rest) = split " ", shift;
	exit($rest[0]) if $what eq "exit";
	return $what eq "put" ? (put(@rest) // "") : look();
}

sub fork_child {
	my ($part) = @_;
	pipe(my $orders_out, my $orders_in) && pipe(my $answers_out, my $answers_in) or die;
	$_->autoflush(1) for $orders_in, $answers_in, \*STDOUT;
	my $pid = fork // die;
	if (!$pid) {
		close $_ for $orders_in, map { $_->{orders} } @children;
		while (my $line = <$orders_out>) { print $answers_in do_word($line), "\n" }
		exit 0;
	}
	push @children, { pid => $pid, part => $part, orders => $orders_in, answers => $answers_out };
}

sub ask { my ($child, $order) = @_; print { $child->{orders} } "$order\n" }

sub answer {
	my ($child) = @_;
	my $line = readline($child->{answers}) // die "child $child->{pid} has ended";
	chomp $line;
	return $line;
}

sub everyone_puts {
	my ($n) = @_;
	ask($_, "put $n $_->{part}") for @children;
	put($n, 0);
	answer($_) for @children;
}

sub everyone_looks {
	my $mine = look();
	ask($_, "look") for @children;
	for (@children) {
		my $seen = answer($_);
		die "one sees $mine, another $seen" unless $seen eq $mine;
	}
	return $mine;
}

sub lose {
	my $child = shift @children;
	kill 9, $child->{pid};
	waitpid $child->{pid}, 0;
	fork_child($child->{part});
	return $children[-1]{pid};
}

fork_child($_) for 1 .. 3;
while (my $line = <STDIN>) {
	my ($what, $n) = split " ", $line;
	my $new = "";
	everyone_puts($n) if $what eq "put" || $what eq "lose";
	$new = " " . lose() if $what eq "lose";
	if ($what eq "exit") {
		ask($_, "exit $n"), waitpid $_->{pid}, 0 for @children;
		exit $n;
	}
	my $seen = everyone_looks();
	print $what eq "look" ? "look $seen\n" : "$what $n$new\n";
}
for (@children) {
	close $_->{orders};
	waitpid $_->{pid}, 0;
}

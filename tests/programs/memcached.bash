title="memcached, restartable cache" packages="memcached gawk" files="db/" instants=rest
keeps="its memory: items that point to each other, set right at each start; what is needed for that is in a file that it deletes then"
note="Stopped by SIGUSR1 it leaves db/cache.meta, without which it begins anew. Where it was killed after a commit, the reader is given the one of before, with the address that the cache was mapped at."

serve() { exec memcached ${become:-} -s "$run_dir/$2" -m 64 -t 2 -e "$1/cache"; }
ask() {
	python -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(sys.stdin.read().replace("\n", "\r\n").encode() + b"quit\r\n")
while b := s.recv(65536): sys.stdout.write(b.decode().replace("\r", ""))' "$run_dir/$1"
}
alive() { echo version | ask $1 2>/dev/null | grep -q VERSION; }
store() { keys $1 | sed 's/.*/set & 0 0 19\nvalue-of-&/' | ask $2 | grep -cx STORED | grep -qx 200; }
fresh() {
	local server
	mkdir db
	[ "$(id -u)" != 0 ] || export become="-u root"
	serve "$PWD/db" plain 2>/dev/null &
	server=$!
	until_true 60 alive plain
	store 0 plain
	kill -USR1 $server
	wait $server
	cp db/cache.meta "$run_dir/meta"
}
start() {
	until_true 9 ended_before
	rm -f "$run_dir/socket"
	feed memcached ${become:-} -s "$run_dir/socket" -m 64 -t 2 -e "$PWD/db/cache"
	until_true 60 alive socket
	# Any part of it tells the address of the whole.
	awk -v f="$PWD/db/cache" '$6 == f { split($1, a, "-"); printf "Kmmap_oldbase %#x\n", strtonum("0x" a[1]) - strtonum("0x" $3); exit }' \
		/proc/$pid/maps >"$run_dir/base"
}
# In the same second it takes its own end for one in the future.
ended_before() { [ ! -e db/cache.meta ] || [ "$(date +%s)" -gt "$(awk '/^Kstop_time/ { print $2 }' db/cache.meta)" ]; }
put() { store $1 socket; }
durable() { put $1; }
finish() {
	kill -USR1 $pid
	wait $pid
	exec 7>&- 8<&-
}
# The file that it deletes is set aside until that is committed.
state() { sha256sum <db/cache; cat db/cache.meta{,.bigfile-unlinked} 2>/dev/null || true; }
content() {
	local reader
	until_true 9 ended_before
	to_read db
	[ -e "$run_dir/read/cache.meta" ] || grep -v mmap_oldbase "$run_dir/meta" | cat - "$run_dir/base" >"$run_dir/read/cache.meta"
	serve "$run_dir/read" reader 2>"$run_dir/reading" &
	reader=$!
	until_true 60 alive reader
	(for n in {0..9}; do keys $n; done | sed 's/^/get /'; echo stats) | ask reader >"$run_dir/gets"
	kill -9 $reader
	wait $reader 2>/dev/null || true
	sed -n 's/^value-of-\(.*\)/\1 &/p' "$run_dir/gets"
	grep -q "^STAT curr_items $(grep -c ^value "$run_dir/gets")$" "$run_dir/gets" || cat "$run_dir/reading"
}

title="systemd's journal" packages=systemd-journal-remote files=db.journal again=no
keeps="windows of 8 MiB, overlapping; posix_fallocate() and ftruncate() under them"

entries() { keys $1 | awk -v n=$1 '{ printf "__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=0123456789abcdef0123456789abcdef\nMESSAGE=%s value-of-%s\n\n", 1600000000000000 + n * 1000 + NR, n * 1000 + NR, $1, $1 }'; }
fresh() { entries 0 | /lib/systemd/systemd-journal-remote -o db.journal - 2>/dev/null; }
start() { feed /lib/systemd/systemd-journal-remote -o db.journal -; }
put() {
	say "$(entries $1)" ''
	swallowed
}
durable() { put $1; }
content() { journalctl --file db.journal -o cat --no-pager -q; }

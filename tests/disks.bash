# File systems in images, and a power cut for them.

# Two file systems for files of one transaction: e (ext4) and x (xfs), in the test's folder.
two_disks() {
	[ "$(id -u)" = 0 ] || skip "mounting needs root"
	command -v mkfs.xfs >/dev/null || skip "no mkfs.xfs"
	mkdir -p e x
	truncate -s 64M ext4.img
	truncate -s 320M xfs.img
	mkfs.ext4 -q ext4.img
	mkfs.xfs -q xfs.img
	mount -o loop ext4.img e && mount -o loop xfs.img x || skip "this machine cannot mount an image"
}

teardown() {
	local pid m
	for pid in $(jobs -p); do kill -9 "$pid" 2>/dev/null || true; done
	for m in e x; do
		mountpoint -q "$BATS_TEST_TMPDIR/$m" && umount -l "$BATS_TEST_TMPDIR/$m" || true
	done
}

# What the machine had not written is lost: the file systems are shut down as they are, then mounted, as on another boot.
power_cut() {
	local m
	sync -d . $(find e x -type f | shuf -n $((RANDOM % 5)))
	"$PROGS/killat" -p e x
	umount e x
	# Anybody who has made a mount namespace meanwhile holds what was shut down, and a second mount of the images would be of that.
	for m in ext4 xfs; do cp --sparse=always $m.img next.img && mv next.img $m.img; done
	mount -o loop ext4.img e
	mount -o loop,nouuid xfs.img x
	cat /proc/sys/kernel/random/uuid >boot_id
	printf 'cpu\nbtime %s\n' $(($(date +%s) + 1)) >stat
}
after_boot() {
	unshare -m sh -c 'mount --bind boot_id /proc/sys/kernel/random/boot_id && mount --bind stat /proc/stat && exec "$@"' - "$@"
}

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

are_detached() { [ -z "$(losetup -j ext4.img)$(losetup -j xfs.img)" ]; }

# What the machine had not written is lost: the file systems are shut down as they are, then mounted, as on another boot.
power_cut() {
	sync -d . $(find e x -type f | shuf -n $((RANDOM % 5)))
	"$PROGS/killat" -p e x
	umount e x
	# Whoever has just died may have had them in a namespace of its own, and a second mount would be of what was shut down.
	until_true 20 are_detached
	mount -o loop ext4.img e
	mount -o loop xfs.img x
	cat /proc/sys/kernel/random/uuid >boot_id
	printf 'cpu\nbtime %s\n' $(($(date +%s) + 1)) >stat
}
after_boot() {
	unshare -m sh -c 'mount --bind boot_id /proc/sys/kernel/random/boot_id && mount --bind stat /proc/stat && exec "$@"' - "$@"
}

# What the harnesses share that mount file systems of their own; after helpers.bash.  WHAT: for the reason of a skip.
WHAT=${WHAT:-file systems}
[ "$mode" != quick ] || { skipped "$WHAT: too slow for --quick"; finish; }
[ "$(id -u)" = 0 ] || { skipped "$WHAT: mounting needs root"; finish; }
for tool in losetup mkfs.ext4 "${TOOLS[@]}"; do
	command -v "$tool" >/dev/null || { skipped "$WHAT: no $tool"; finish; }
done
at_end "umount -l $WORK/m"

# may_use TYPE: with the reason why not.
may_use() {
	command -v "mkfs.$1" >/dev/null || { skipped "$WHAT under $1: no mkfs.$1"; return 1; }
	grep -qw "$1" /proc/filesystems || { skipped "$WHAT under $1: not in this kernel"; return 1; }
}

# make_base PART SEED TYPE: base.img, with the part's files; its size is mib.
make_base() {
	local i files=()
	rm -f "$WORK"/*.img
	mkdir -p "$WORK/m"
	case $3 in
	ext4) mib=24; truncate -s ${mib}M "$WORK/base.img"; mkfs.ext4 -q -F -b 4096 -J size=4 "$WORK/base.img" ;;
	xfs) mib=300; truncate -s ${mib}M "$WORK/base.img"; mkfs.xfs -q -f "$WORK/base.img" ;;
	btrfs) mib=128; truncate -s ${mib}M "$WORK/base.img"; mkfs.btrfs -q -f -M "$WORK/base.img" >/dev/null 2>&1 ;;
	esac || return 1
	mount -o loop -t "$3" "$WORK/base.img" "$WORK/m" || return 1
	mkdir "$WORK/m/d"
	for i in {0..7}; do files+=("$WORK/m/d/f$i"); done
	"$LAB/worker" make "$1" "$2" "${files[@]}"
	umount "$WORK/m"
}

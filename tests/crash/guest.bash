# What the harness `older` does in its machine: guest.bash TOP BUILD MODE SEED.  "= tried" lines and the like are its output.
cd "$1" || exit 1
export BIGFILE_BUILD=$2 HOME=/root TMPDIR=/run/tmp PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export EMULATED=1
mode=$3 seed=$4
mkdir -p "$TMPDIR"
hostname guest
echo "guest: $(uname -sr)"
"$BIGFILE_BUILD/bigfile" doctor 2>&1 | grep tracker

# A tracker that cannot be had, when it is asked for, is an error, and a line that tells which Linux has it.
export TRACKERS=mprotect
head -c 49152 /dev/zero >"$TMPDIR/a"
BIGFILE_TRACKER=uffd BIGFILE_PATHS=$TMPDIR/a LD_PRELOAD=$BIGFILE_BUILD/.libs/libbigfile.so "$BIGFILE_BUILD/tests/crash/victim" run one "$TMPDIR/a" >"$TMPDIR/out" 2>&1
bad=0
grep -q 'tracker uffd cannot be used here' "$TMPDIR/out" || bad=1
[ "$bad" = 0 ] || { echo "lost: uffd is asked for, and:"; cat "$TMPDIR/out"; }
echo "= tried 1 survived $((1 - bad)) lost $bad uffd asked for, Linux $(uname -r)"

# The programs of the test suite, with the tracker that this kernel can have.
topics="commit size recover"
[ "$mode" != full ] || topics+=" windows signals threads sharing unlink"
for topic in $topics; do
	bats --tap "tests/$topic.bats" >"$TMPDIR/out" 2>&1
	bad=$(grep -c '^not ok' "$TMPDIR/out")
	sed -n 's|^not ok|lost: '"$topic.bats: &|p" "$TMPDIR/out"
	sed -n '/^not ok/,/^ok/p' "$TMPDIR/out" | grep '^#'
	n=$(grep -c '^ok\|^not ok' "$TMPDIR/out")
	echo "= tried $n survived $((n - bad)) lost $bad $topic.bats, Linux $(uname -r)"
done

# What takes long comes last.
for type in ext4 xfs; do
	CRASH_TMP=/run tests/crash/limits --only quota-$type --seed "$seed" 2>&1
done
CRASH_TMP=/run tests/crash/limits --only bad-disk --seed "$seed" 2>&1
CRASH_TMP=/run tests/crash/kills --quick --only '^(bank|fork)$' --seed "$seed" 2>&1
echo "guest: done"

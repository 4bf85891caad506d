title="numpy" packages="python3-numpy python3-minimal" files=db.npy
keeps="np.memmap, each batch written by"
variants="itself pool process joblib"
# Variants: how it is done by several processes, see tests/progs/workers.py.
case $variant in
itself) title="numpy, memmap" keeps="one array, mapped for as long as the program runs" ;;
pool) title="numpy, multiprocessing.Pool" keeps="one array, mapped before four workers are forked" ;;
process) title="numpy, multiprocessing.Process" keeps="the same, the workers forked for each batch" ;;
joblib)
	title="joblib" packages="python3-joblib python3-numpy python3-minimal"
	keeps="one array, mapped by the program and by each of its workers, which are started anew"
	export JOBLIB_TEMP_FOLDER=$PWD
	;;
esac

fresh() {
	lines 0 >db.npy
	truncate -s $((10 * 200 * 31)) db.npy
}
start() { feed /usr/bin/python3 "$TOP/tests/progs/workers.py" $variant; }
put() { say "put $1"; answered "put $1 *"; }
durable() { say "durable $1"; answered "durable $1 *"; }
unfinished() { put "$1"; }
reread() { say look; answered "look $* *"; }
fail() { say 'exit 3'; finish 3; }
content() { tr -d '\0' <db.npy; }

title=rrdcached packages="rrdcached rrdtool" files=db.rrd again=no instants=rest
keeps="rrdtool's databases, written by a daemon of many threads"

. "$TOP/tests/programs/rrdtool.bash"
title=rrdcached packages="rrdcached rrdtool" instants=rest keeps="rrdtool's databases, written by a daemon with threads"
unset -f reread
start() {
	rm -f "$run_dir/socket"
	feed rrdcached -g -l "unix:$run_dir/socket" -p "$run_dir/pid" -w 3600 -f 7200
	until_true 60 test -S "$run_dir/socket"
}
put() {
	rrdtool update --daemon "unix:$run_dir/socket" "$PWD/db.rrd" $(updates $1 | cut -d' ' -f3)
	rrdtool flushcached --daemon "unix:$run_dir/socket" "$PWD/db.rrd"
}
# It ends with status 0 when it is told to.
finish() {
	kill -TERM $pid
	wait $pid
	exec 7>&- 8<&-
}

title="prometheus_client" packages=python3-prometheus-client files="db/" instants=records again=no
note="The file that a process has created stays, empty, when its transaction is rolled back: names are not part of it.  Its reader fails at such a file."
keeps="metrics of several processes, a file for each: mapped; grows under an older map"
prometheus_program='
import os, sys
from prometheus_client import Counter
c = Counter("c", "values", ["key"])
for line in sys.stdin:
    what, n = line.split()
    if what == "put":
        for i in range(1, 201): c.labels("batch%s-%03d" % (n, i)).inc()
    elif what == "exit": os._exit(int(n))
    print(what, n, flush=True)
'
run_prometheus() { PROMETHEUS_MULTIPROC_DIR=$PWD/db "$@" /usr/bin/python3 -c "$prometheus_program"; }

fresh() {
	mkdir db
	echo put 0 | run_prometheus >/dev/null
}
start() { run_prometheus feed; }
put() { say "put $1"; answered "put $1"; }
durable() { put $1; }
fail() { say 'exit 3'; finish 3; }
# Each batch is counted once.
lines() { for n; do keys "$n"; done | sed 's/$/ 1/'; }
content() {
	python -c '
import glob, json, os
from prometheus_client.mmap_dict import MmapedDict
for f in filter(os.path.getsize, sorted(glob.glob("db/*.db"))):
    for k, v, *_ in MmapedDict.read_all_values_from_file(f):
        _, name, labels, _ = json.loads(k)
        if name == "c_total" and v: print(labels["key"], int(v))' | LC_ALL=C sort
}

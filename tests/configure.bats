load helpers

# What neither options nor variables say comes from files.  Not /etc/bigfile.conf, which is the machine's: BIGFILE_CONFIG stands in.
here() {
	export XDG_CONFIG_HOME=$PWD/home
	mkdir -p home
	unset BIGFILE_CONFIG
}

variables() { run bigfile run "$@" -- env; }

@test "a configuration file sets what options and variables do not" {
	here
	printf '[bigfile]\nlog=error\ninterval=7\n[env]\npath=/srv/a/;/srv/*.b\ninterval=5\njournal-dir=/j\n[other]\ninterval=9\n' >home/bigfile.conf
	variables
	[ "$status" = 0 ]
	set -f
	for v in LOG=error INTERVAL=5 PATHS=/srv/a/:/srv/*.b JOURNAL_DIR=/j; do
		grep -qFx "BIGFILE_$v" <<<"$output" || { echo "$v: $output"; return 1; }
	done
	set +f
	variables --interval=3 -p /x
	grep -qx "BIGFILE_INTERVAL=3" <<<"$output"
	grep -qFx "BIGFILE_PATHS=/x:/srv/a/:/srv/*.b" <<<"$output"
	BIGFILE_INTERVAL=2 variables
	grep -qx "BIGFILE_INTERVAL=2" <<<"$output"
	variables --no-config -p /x
	! grep -q "BIGFILE_INTERVAL\|BIGFILE_LOG=\|configure-run" <<<"$output"
	BIGFILE_CONFIG=none variables -p /x
	! grep -q BIGFILE_INTERVAL <<<"$output"
}

@test "a configuration for one program, end to end" {
	here
	letters data.bin 20000
	printf '[play]\npath=%s/data.bin\nexit=abort\n' "$PWD" >conf
	export BIGFILE_CONFIG=$PWD/conf
	bigfile run "$PROGS/play" open:data.bin map:0:4096 set:0:1:X exit:0
	[ "$(byte data.bin 1)" = a ]
	bigfile run --exit=success "$PROGS/play" open:data.bin map:0:4096 set:0:1:X exit:0
	[ "$(byte data.bin 1)" = X ]
	run bigfile run -- sh -c 'exit 7'
	[ "$status" = 7 ]
}

@test "a configuration that cannot be understood runs nothing" {
	here
	wrong() {
		printf "$1" >home/bigfile.conf
		run bigfile run -p x -- touch ran
		[ "$status" = 2 ] && [ ! -e ran ] && [[ "$output" == "bigfile: $PWD/home/bigfile.conf: "*"$2"* ]] || { echo "$1: $status $output"; return 1; }
	}
	wrong '[bigfile]\nintervall=5\n' '[bigfile] intervall: there is no such setting; see bigfile.conf(5)'
	wrong 'interval=5\n' 'not'
	wrong '[touch]\npath=data\n' '[touch] path=data: must begin with a slash'
	wrong '[touch]\njournal-dir=a\n' 'must begin with a slash'
	wrong '[touch]\ninterval=1;2\n' 'takes one value'
	wrong '[bigfile]\nsync=defre\n' '[bigfile] sync=defre: must be one of commit defer'
	wrong '[bigfile]\nwait=1h\n' '[bigfile] wait=1h: must be a number of seconds up to 2147483, such as 30 or 0.5'
	wrong '[touch]\nmemory=1x\n' '[touch] memory=1x: must be a number of bytes above 0, or of K, M, G or T, such as 800M'
	wrong '[bigfile]\ncommit-signal=SEGV\n' "commit-signal=SEGV: must be a signal's name or number, not KILL, STOP, SEGV or BUS; or none"
	run env BIGFILE_CONFIG="$PWD/none.conf" "$BIGFILE" run -p x -- touch ran
	[ "$status" = 2 ]
}

@test "the examples of configuration are right" {
	here
	export BIGFILE_CONFIG=$TOP/doc/examples/bigfile.conf
	ln -s "$(command -v env)" rrdcached
	run bigfile run ./rrdcached
	grep -qx "BIGFILE_PATHS=/var/lib/rrdcached/db/" <<<"$output"
	grep -qx "BIGFILE_INTERVAL=5" <<<"$output"
	# What the drop-in starts is what the configuration is for.
	grep -qxE 'ExecStart=/usr/bin/bigfile run -- /usr/bin/rrdcached .*' "$TOP/doc/examples/rrdcached.service.conf"
}

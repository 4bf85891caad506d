load helpers

# Every command line of README, tutorial and pages is run, in a folder of its own.
play_document() {
	export PATH=$BUILD:/usr/bin:$PATH HOME=$PWD XDG_CONFIG_HOME=$PWD
	timeout 900 "$TOP/scripts/run-docs" "$1" </dev/null
}

@test "README does what it says" { play_document "$TOP/README.md"; }
@test "the Python module's README does what it says" {
	needs_module numpy python3-numpy
	PYTHONPATH=$TOP/python play_document "$TOP/python/README.md"
}
@test "the tutorial does what it says" { play_document "$TOP/doc/tutorial.md"; }

@test "the examples of the manual pages work" {
	cat >mydaemon <<-'PY'
		#!/usr/bin/python3
		import mmap, time
		f = open("db/state", "r+b")
		m = mmap.mmap(f.fileno(), 0)
		while True:
		    m[0] = (m[0] + 1) % 256
		    time.sleep(0.1)
	PY
	chmod +x mydaemon
	mkdir data db
	letters db/state 20000
	export PATH=$PWD:$PATH
	rrdtool create data/cpu.rrd --step 1 DS:load:GAUGE:10:U:U RRA:AVERAGE:0.5:1:600
	"$BIGFILE" run -p db/ -- mydaemon &
	pid=$!
	for page in $(grep -l '^\.SH EXAMPLES' "$TOP"/man/bigfile*.1); do
		play_document "$page"
	done
	[ -s stacks ] && [ -s dirty.svg ]
}

@test "each command has a page, and the page each of its options" {
	for command in $(bigfile --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
		page=$TOP/man/bigfile-$command.1
		grep -q '^\.so' "$page" && page=$TOP/man/$(sed 's|.so man1/||' "$page")
		for option in $(bigfile "$command" --help | grep -oE '^ +(-[a-z], )?--[a-z-]+' | grep -oE -- '--.*' | sort -u); do
			[ "$option" = --help ] || sed 's/\\//g; s/f[BIR]//g' "$page" | grep -q -- "$option" || { echo "$option is not in $page"; return 1; }
		done
	done
}

@test "completion in zsh" {
	command -v zsh >/dev/null && command -v tmux >/dev/null || skip "no zsh, or no tmux"
	T() { tmux -S "$BATS_TEST_TMPDIR/tmux" "$@"; }
	seen() { T capture-pane -p | grep -qE -- "$1"; }
	mkdir fpath
	cp "$TOP/completions/_bigfile" fpath/
	touch a.rrd
	cat >.zshrc <<-END
		fpath=($PWD/fpath \$fpath) PATH=$BUILD:\$PATH PS1='> '
		autoload -U compinit && compinit -u -D
		setopt no_beep
	END
	T new-session -d -x 120 -y 30 "cd '$PWD' && ZDOTDIR='$PWD' TERM=screen zsh -i"
	try() {
		T send-keys C-u "$1" Tab
		until_true 60 seen "$2" || { T capture-pane -p; T kill-server; return 1; }
		T send-keys C-c
	}
	until_true 60 seen '^>'
	try 'bigfile rec' '^> bigfile recover'
	try 'bigfile run --jour' 'run --journal-dir='
	try 'bigfile run --tracker=up' 'tracker=up' # nothing to offer
	try 'bigfile run --tracker=m' 'tracker=mprotect'
	try 'bigfile check --js' 'check --json'
	try 'bigfile check a.r' 'check a.rrd'
	try 'bigfile run -p x -- ls a.r' 'ls a.rrd'
	T kill-server
}

load helpers

# cells FILTER: of the map as JSON.
cells() { bigfile map --json "$pid" | jq -c ".files[0].$1"; }

drawn() {
	start_play map:0:20000 set:0:1:X set:0:9000:X ready trunc:20400 ready child set:0:17000:Y endchild ready fill:0:0:17000:Z set:0:17000:Y ready exit:0
	[ "$(cells cells)" = "[[0,1],[2,1]]" ]
	# Looking changes nothing.
	[ "$(cells cells)" = "[[0,1],[2,1]]" ]
	[ "$(LC_ALL=C bigfile map -w 60 data.bin)" = "$PWD/data.bin: 19.5 KiB, 2 dirty pages (8.0 KiB); one page a character
   0 bytes  #.#.." ]
	[ "$(LC_ALL=C.UTF-8 bigfile map $pid | tail -1)" = "   0 bytes  █·█··" ]
	go
	until_true 60 ready_count 2
	[ "$(cells size)" = 20400 ]
	bigfile commit $pid
	[ "$(cells dirty_pages)" = 0 ]
	# From here on the file is shared.
	go
	until_true 60 ready_count 3
	[ "$(cells cells)" = "[[4,1]]" ]
	[ "$(cells cells)" = "[[4,1]]" ]
	# Looked at, and stored to again: status never tells more pages than there are.
	go
	until_true 60 ready_count 4
	[ "$(bigfile status --json $pid | jq '.processes[0].files[0].dirty_pages')" = 5 ]
	bigfile commit $pid
	[ "$(byte data.bin 17000)" = Y ]
	[ "$(cells cells)" = "[]" ]
	go
	wait $pid
	no_map_left
}
no_map_left() { ! ls "${XDG_RUNTIME_DIR:-/dev/shm}"/bigfile*/"$pid".map* 2>/dev/null; }
@test "map shows which pages are dirty" { each_tracker drawn; }

@test "map of a huge file: a page is seen" {
	truncate -s 3T huge 2>/dev/null || truncate -s 64G huge || skip "this file system has no such files"
	size=$(stat -c %s huge)
	mkfifo go.pipe
	"$BIGFILE" run -p huge -- "$PROGS/play" open:huge write:$((size / 2)):hello ready exit:1 <go.pipe >out &
	pid=$!
	exec 7>go.pipe
	until_true 60 grep -q ready out
	[ "$(bigfile map --json huge | jq -c '.files[0] | [.size, .dirty_pages, (.cells | length)]')" = "[$size,1,1]" ]
	[ "$(LC_ALL=C bigfile map huge | tail -n +2 | tr -cd -- - | wc -c)" = 1 ]
	bigfile map --svg picture.svg huge
	[ "$(grep -c '<rect.*1 dirty pages' picture.svg)" = 1 ]
	go
	wait $pid || true
}

@test "map says what it cannot show" {
	letters data.bin 20000
	run bigfile map data.bin
	[ "$status" = 3 ]
	[[ "$output" == *"no process of yours has it in use"* ]]
	run bigfile map $$
	[ "$status" = 3 ]
	run bigfile map nothing
	[ "$status" = 1 ]
	echo earlier >picture.svg
	run bigfile map --svg picture.svg nothing
	[ "$status" = 1 ]
	[ "$(cat picture.svg)" = earlier ]
	run bigfile map
	[ "$status" = 2 ]
	start_play map:0:20000 set:0:1:X ready exit:1
	run bigfile map --svg no/folder.svg data.bin
	[ "$status" = 1 ]
	[ "${#lines[@]}" = 1 ]
	go
	wait $pid || true
}

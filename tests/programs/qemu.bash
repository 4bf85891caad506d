title="qemu-system-x86_64, memory-backend-file" packages="qemu-system-x86 binutils" files=ram.bin instants=rest
keeps="the memory of a machine: mapped at a fixed address over a reservation"
note="A machine that is at work is in tests/qemu.bats: a commit is a state that another machine goes on from."
# The machine stands still; its memory is written by a debugger's commands, 50 records at a time.
address() { printf %x $((0x300000 + 6200 * $1 + $2)); }
packet() { # TEXT: with its checksum
	local i sum=0 c
	for ((i = 0; i < ${#1}; i++)); do
		printf -v c %d "'${1:i:1}"
		((sum += c)) || true
	done
	printf '+$%s#%02x' "$1" $((sum % 256))
}
reply() {
	read -rt 20 -u 8 -d '#' answer
	[[ $answer = *'$OK' ]] || { echo "answer $answer"; return 1; }
}
fresh() {
	truncate -s 16M ram.bin
	lines 0 | dd of=ram.bin bs=4096 seek=$((0x300)) conv=notrunc status=none
	head -c 65536 /dev/zero >"$run_dir/bios"
}
start() {
	feed qemu-system-x86_64 -accel tcg -nodefaults -no-user-config -display none -S -gdb stdio -bios "$run_dir/bios" -m 16 \
		-object memory-backend-file,id=ram,size=16M,mem-path=ram.bin,share=on -machine pc,memory-backend=ram
	printf '+$Qqemu.PhyMemMode:1#%02x' 0 >/dev/null
	packet Qqemu.PhyMemMode:1 >&7
	reply
}
put() {
	local at
	for at in 0 1550 3100 4650; do
		packet "M$(address $1 $at),60e:$(lines $1 | tail -c +$((at + 1)) | head -c 1550 | od -An -v -tx1 | tr -d ' \n')" >&7
		reply
	done
}
durable() { put $1; }
finish() {
	kill -TERM $pid
	wait $pid
	exec 7>&- 8<&-
}
content() { dd if=ram.bin bs=4096 skip=$((0x300)) count=16 status=none | tr -d '\0'; }

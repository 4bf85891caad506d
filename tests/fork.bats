load helpers

child_stores() {
	run play map:0:20000 set:0:5:X child get:0:5 set:0:6:C get:0:6 endchild get:0:6 set:0:7:P exit:0
	echo "$output"
	[[ "$output" == *$'X\nC\n'*"child 0"$'\na' ]] || [[ "$output" == *"X"*"C"*"child 0"*"a"* ]]
	[ "$(grep -c 'inherited over fork' <<<"$output")" = 1 ]
	[ "$(byte data.bin 5)$(byte data.bin 6)$(byte data.bin 7)" = XaP ]
	no_journal
}
@test "a forked child sees the parent's stores and keeps its own" { each_tracker child_stores; }

child_commits() {
	run play map:0:20000 set:0:5:X child set:0:6:C msync:0 endchild exit:1
	echo "$output"
	[[ "$output" == *"msync: EPERM"* ]]
	[ "$(byte data.bin 5)$(byte data.bin 6)" = aa ]
}
@test "a child may not commit" { each_tracker child_commits; }

child_maps() {
	run play map:0:20000 set:0:5:X child open:data.bin map:0:8192 get:1:5 readinto:1:100:10 exit:0 endchild exit:0
	echo "$output"
	[[ "$output" == *X*10*"child 0"* ]]
	[ "$(byte data.bin 5)$(byte data.bin 100)" = Xa ]
}
@test "a child may map again, and read(2) into it" { each_tracker child_maps; }

quiet_child() {
	run play map:0:20000 set:0:5:X child exec:true endchild set:0:6:Y exit:0
	[ "$output" = "child 0" ]
	[ "$(byte data.bin 5)$(byte data.bin 6)" = XY ]
}
@test "a child that only execs says nothing" { each_tracker quiet_child; }

before_map() {
	run play child map:0:20000 set:0:5:C exit:0 endchild map:0:20000 get:0:5 set:0:6:P exit:0
	[ "$output" = $'child 0\nC' ]
	[ "$(byte data.bin 5)$(byte data.bin 6)" = CP ]
}
@test "a child that maps first has a transaction of its own" { each_tracker before_map; }

lock_goes() {
	start_play map:0:20000 set:0:5:X ready child ready exit:0 endchild exit:0
	go
	until_true 10 ready_count 2
	kill -9 $pid
	run play map:0:20000 set:0:6:Y exit:0
	[ "$status" = 0 ]
	[ "$(byte data.bin 5)$(byte data.bin 6)" = aY ]
	go
}
@test "a child that outlives its parent does not keep the lock" { each_tracker lock_goes; }

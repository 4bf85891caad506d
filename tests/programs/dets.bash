title="Erlang, dets" packages=erlang-base files=db.dets instants=rest
keeps="a hash table: pread() and pwrite(), from a cache of the program's own"
dets_program='
	{ok, T} = dets:open_file(t, [{file, "db.dets"}, {auto_save, infinity}]),
	Put = fun(N) ->
		K = [lists:flatten(io_lib:format("batch~s-~3..0b", [N, I])) || I <- lists:seq(1, 200)],
		ok = dets:insert(T, [{X, "value-of-" ++ X} || X <- K])
	end,
	Loop = fun(L) -> case io:get_line("") of
		eof -> dets:close(T), halt(0);
		Line -> [W, N] = string:lexemes(Line, " \n"),
			case W of
				"put" -> Put(N);
				"sync" -> Put(N), dets:sync(T);
				"exit" -> erlang:halt(list_to_integer(N))
			end,
			io:format("~s ~s~n", [W, N]), L(L)
	end end,
	Loop(Loop).'

fresh() { echo sync 0 | erl -noinput -noshell -eval "$dets_program" >/dev/null; }
start() { feed erl -noshell -eval "$dets_program"; }
durable() { say "sync $1"; answered "sync $1"; }
put() { durable $1; }
unfinished() { say "put $1"; answered "put $1"; }
fail() { say 'exit 3'; finish 3; }
# The file of a program that was killed is repaired when it is opened: a copy of it.
content() {
	cp db.dets "$run_dir/"
	(cd "$run_dir" && erl -noshell -eval '
		logger:set_primary_config(level, none),
		{ok, T} = dets:open_file(t, [{file, "db.dets"}]),
		[io:format("~s ~s~n", [K, V]) || {K, V} <- lists:sort(dets:match_object(T, {'\''_'\'', '\''_'\''}))],
		halt(0).' | grep ^batch)
}

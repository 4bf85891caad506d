title="OCaml, Unix.map_file" packages=ocaml-interp files=db.txt
keeps="a Bigarray: mapped whole"
ocaml_program='
let fd = Unix.openfile "db.txt" [Unix.O_RDWR] 0;;
let map = Bigarray.array1_of_genarray (Unix.map_file fd Bigarray.char Bigarray.c_layout true [| 62000 |]);;
let () = Unix.close fd;;
let put n =
  for i = 1 to 200 do
    String.iteri (fun j c -> map.{(n * 200 + i - 1) * 31 + j} <- c) (Printf.sprintf "batch%d-%03d value-of-batch%d-%03d\n" n i n i)
  done;;
let () = try while true do
  let line = input_line stdin in
  Scanf.sscanf line "%s %d" (fun what n -> match what with "put" -> put n | "exit" -> exit n | _ -> ());
  print_endline line
done with End_of_file -> ();;'

fresh() {
	lines 0 >db.txt
	truncate -s 62000 db.txt
	echo "$ocaml_program" >"$run_dir/program.ml"
}
start() { feed ocaml unix.cma "$run_dir/program.ml"; }
put() { say "put $1"; answered "put $1"; }
durable() { put $1; }
fail() { say 'exit 3'; finish 3; }
content() { tr -d '\0' <db.txt; }

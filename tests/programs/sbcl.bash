title="SBCL, sb-posix:mmap" packages=sbcl files=db.txt
keeps="an array: mapped; the runtime protects pages and handles SIGSEGV and SIGUSR2 for its garbage collector"
sbcl_program='
(require :sb-posix)
(defvar *size* 62000)
(defvar *map* (sb-posix:mmap nil *size* (logior sb-posix:prot-read sb-posix:prot-write) sb-posix:map-shared
	(sb-posix:open "db.txt" sb-posix:o-rdwr) 0))
(loop for line = (read-line *standard-input* nil) while line do
	(let ((what (subseq line 0 4)) (n (parse-integer line :start 5)))
		(cond
			((equal what "puts") (gc) (loop for i from 1 to 200 do
				(loop for c across (format nil "batch~d-~3,'\''0d value-of-batch~d-~3,'\''0d~%" n i n i) for j from 0 do
					(setf (sb-sys:sap-ref-8 *map* (+ (* 31 (+ (* n 200) i -1)) j)) (char-code c)))))
			((equal what "sync") (sb-posix:msync *map* *size* sb-posix:ms-sync))
			((equal what "exit") (sb-ext:exit :code n :abort t)))
		(format t "~a~%" line)
		(finish-output)))'

fresh() {
	lines 0 >db.txt
	truncate -s 62000 db.txt
	echo "$sbcl_program" >"$run_dir/program.lisp"
}
start() { feed sbcl --script "$run_dir/program.lisp"; }
put() { say "puts $1"; answered "puts $1"; }
durable() { put $1; say "sync $1"; answered "sync $1"; }
unfinished() { put $1; }
fail() { say 'exit 3'; finish 3; }
content() { tr -d '\0' <db.txt; }

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest whose whole state is its memory, so that its memory is enough to go on from: firmware for qemu -bios.
 *
 * It takes turns.  In a turn it notes its number, stores it to each of PAGES pages, STRIDE bytes apart, and notes that the turn has
 * ended: at any one instant the pages up to some place hold this turn, the others the one before.  When it
 * is started on memory that it has worked in, it looks whether that is so, notes when it is not, and goes on with that turn.
 *
 *   as --32 -o guest.o guest.s && ld -m elf_i386 -Ttext 0xf0000 --oformat binary -o guest.bin guest.o      (64 KiB)
 *
 * At 2 MiB, in 32-bit words: magic, turns begun, turns ended, starts, starts that found what cannot be, and the longest time
 * between two stores, in ticks of the processor's clock.  The pages begin at 3 MiB.
 */
	.set STATE, 0x200000
	.set AREA, 0x300000
	.set PAGES, 1024
	.set STRIDE, 0xc000
	.set MAGIC, 0x54534547

	.code16
real:
	cli
	lgdtl	%cs:(gdt_pointer - real)
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	ljmpl	$8, $start

	.balign	8
gdt:	.quad	0, 0x00cf9a000000ffff, 0x00cf92000000ffff
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt

/* It runs in its memory, not in the firmware. */
	.code32
start:
	movw	$16, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movl	$body, %esi
	movl	$0x100000, %edi
	movl	$(body_end - body), %ecx
	cld
	rep movsb
	movl	$0x100000, %eax
	jmp	*%eax

/* ebp: the state; ebx: the turn; edi: the page; ecx: pages left; esi: the clock at the last store, low half. */
body:
	movl	$STATE, %ebp
	cmpl	$MAGIC, (%ebp)
	je	look
	movl	$MAGIC, (%ebp)
look:
	incl	12(%ebp)
	movl	4(%ebp), %ebx
	movl	%ebx, %eax
	movl	$AREA, %edi
	movl	$PAGES, %ecx
1:	cmpl	%eax, (%edi)
	je	2f
	cmpl	%ebx, %eax
	jne	bad
	cmpl	8(%ebp), %ebx
	je	bad
	decl	%eax
	jmp	1b
2:	addl	$STRIDE, %edi
	loop	1b
	jmp	go_on
bad:
	incl	16(%ebp)
go_on:
	rdtsc
	movl	%eax, %esi
	cmpl	8(%ebp), %ebx
	jne	pages

turn:
	incl	%ebx
	movl	%ebx, 4(%ebp)
pages:
	movl	$AREA, %edi
	movl	$PAGES, %ecx
1:	movl	%ebx, (%edi)
	rdtsc
	xchgl	%eax, %esi
	subl	%esi, %eax
	negl	%eax
	cmpl	20(%ebp), %eax
	jbe	2f
	movl	%eax, 20(%ebp)
2:	addl	$STRIDE, %edi
	loop	1b
	movl	%ebx, 8(%ebp)
	jmp	turn
body_end:

/* Where the processor begins. */
	.org	0xfff0
	.code16
	ljmpw	$0xf000, $0
	.org	0x10000

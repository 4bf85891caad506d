/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Range lists: growth, merging, sorting. */
#include "rangelist.h"
#include "tap.h"

int main(void)
{
	struct range_list l = { 0 };
	bool apart = true;

	plan(11);
	range_list_add(&l, (struct range){ 10, 20 });
	range_list_add(&l, (struct range){ 20, 30 });
	is_int((long long)l.count, 1, "neighbours merge");
	range_list_add(&l, (struct range){ 5, 5 });
	is_int((long long)l.count, 1, "an empty range is nothing");
	range_list_add(&l, (struct range){ 0, 15 });
	is_int((long long)l.count, 2, "out of order it is kept apart");
	range_list_normalize(&l);
	ok(l.count == 1 && l.ranges[0].start == 0 && l.ranges[0].end == 30, "until it is put in order");
	range_list_add(&l, (struct range){ 50, 60 });
	ok(range_list_meets(&l, (struct range){ 29, 31 }) && range_list_meets(&l, (struct range){ 40, 51 }), "what meets it by one is found");
	ok(!range_list_meets(&l, (struct range){ 30, 50 }) && !range_list_meets(&l, (struct range){ 60, 70 }), "what lies between and behind does not");
	range_list_free(&l);
	ok(!range_list_meets(&l, (struct range){ 0, 100 }), "nothing meets an empty one");

	for (uint64_t i = 0, x = 1; i < 10000; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		range_list_add(&l, (struct range){ x >> 40, (x >> 40) + 3 });
	}
	is_int((long long)l.count, 10000, "ten thousand of them");
	range_list_normalize(&l);
	for (size_t i = 1; i < l.count; i++)
		apart = apart && l.ranges[i - 1].end < l.ranges[i].start;
	ok(apart, "sorted, none meets another");
	ok(range_list_length(&l) <= 30000 && range_list_length(&l) > 29000, "and as long as all together");
	range_list_free(&l);
	is_int((long long)l.count, 0, "freed is empty");
	return done();
}

# file: src/control/plan.c
# What has failed and was taken back is tried again at once.
s/^	if (w->rolled_from != 0) {$/	if (0 \&\& w->rolled_from != 0) {/

# file: src/control/children.c
# A child made anew still counts as one that was asked to go.
s/^	c->going = false;$/	c->going = c->going;/

# file: src/control/plan.c
# A child that lost its label and is not wanted any more is not looked for.
s/^	p.seek = plan_seek(in, p.wanted | asked);$/	p.seek = plan_seek(in, UINT32_MAX);/

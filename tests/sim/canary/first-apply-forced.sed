# file: src/control/plan.c
# A child that is not known is applied by force.
s/step_add(p, STEP_APPLY, k, false, false);/step_add(p, STEP_APPLY, k, true, false);/

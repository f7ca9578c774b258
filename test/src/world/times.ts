import { timeBudget } from '@keybin/shared/time-budget.js';

/** The times that the product has. */
export const times = timeBudget();

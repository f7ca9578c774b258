import { scaledMs } from './calibration.js';

/** The 2 s after which every request has its answer, and the time that a busy machine takes to send and read it. */
export const longestAnswerMs = 2_000 + scaledMs(400);

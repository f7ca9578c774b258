import { scaledMs } from './calibration.js';

/** The promised 2 s for every answer, plus the time that a busy machine needs to send and read it. */
export const longestAnswerMs = 2_000 + scaledMs(400);

/** The 2 s after which every request has its answer, and what a busy machine takes to send and read it. */
export const longestAnswerMs = 2_400;

/** Joins the lines of a text with spaces. */
export const oneLine = (text: string) => text.trim().replace(/\s*\n\s*/g, ' ');

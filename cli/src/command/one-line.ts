/** A text whose lines stand behind one another. */
export const oneLine = (text: string) => text.trim().replace(/\s*\n\s*/g, ' ');

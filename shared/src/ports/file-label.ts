/** Types of images that run nothing in a browser. SVG is not among them, because it can hold scripts. */
const imageTypes = ['image/avif', 'image/gif', 'image/jpeg', 'image/png', 'image/webp'] as const;

export type ImageType = (typeof imageTypes)[number];

/** Returns the image type in a `Content-Type`, or `undefined` for any other type. */
export function imageTypeOf(contentType: string): ImageType | undefined {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase();
  return imageTypes.find((each) => each === type);
}

/** Client's description of a file. */
export interface FileLabel {
  readonly name: string;
  /** Type of an image, as its client stated it. Nothing has checked the bytes. */
  readonly contentType?: ImageType;
}

/** Returns a label of these members. A type that is absent is no member of it. */
export const fileLabel = (name: string, contentType: ImageType | undefined): FileLabel => ({
  name,
  ...(contentType && { contentType }),
});

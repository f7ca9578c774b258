import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '../world/processes/temporary-directory.js';
import { baseImageOf, makeBaseImage } from './base-image.js';
import { ImageStore } from './image-store.js';
import { npmSettingsDirectory, writeNpmSettings } from './npm-settings.js';

const repository = fileURLToPath(new URL('../../../', import.meta.url));

/** Image of Docker's format. */
export interface Image {
  /** Its files, in a directory of this machine. */
  readonly root: string;
  readonly config: {
    readonly User: string;
    readonly Env: readonly string[];
    readonly WorkingDir: string;
    readonly Cmd: readonly string[];
    readonly Healthcheck: { readonly Test: readonly string[] };
    readonly Volumes: Readonly<Record<string, object>>;
  };
}

/** Builds the Dockerfile of the repository, unchanged, on a stand-in for its base image. That takes minutes. */
export async function buildImage(): Promise<Image> {
  const images = new ImageStore();
  await makeBaseImage(images, baseImageOf(readFileSync(join(repository, 'Dockerfile'), 'utf8')));
  const npmSettings = temporaryDirectory();
  writeNpmSettings(npmSettings);
  await images.buildah(
    'build',
    '--pull-never',
    '--isolation=chroot',
    '--network=host',
    '--format=docker', // the other one has no health check
    `--volume=${npmSettings}:${npmSettingsDirectory}:ro`,
    '--tag=keybin',
    repository,
  );
  const container = await images.buildah('from', '--pull-never', 'keybin');
  const { Docker } = JSON.parse(await images.buildah('inspect', container)) as { Docker: Pick<Image, 'config'> };
  return { root: await images.buildah('mount', container), config: Docker.config };
}

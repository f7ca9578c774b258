import { expect } from 'chai';
import * as fc from 'fast-check';
import type { Post } from '@keybin/shared/ports/engine.js';
import { codeOf } from '../embedded/store.js';
import { newAuthor, type PostsSubject } from './engine-suite.js';
import { allPages } from './all-pages.js';

const histories = 25;

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('create' as const), count: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('delete' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
);
const few = fc.array(step, { maxLength: 3 });
const history = fc.record({
  before: fc.array(step, { minLength: 2, maxLength: 8 }),
  limit: fc.integer({ min: 1, max: 9 }),
  /** Steps between one page and the next. */
  between: fc.array(few, { maxLength: 12 }),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Compares pages with a list of posts, while posts are created and deleted between the pages. */
export function pagingSuite(subject: PostsSubject): void {
  it('pages show each remaining post once, no deleted one, in order', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(history, async ({ before, limit, between }) => {
        const { token, account } = await newAuthor(subject.here);
        const model = new Model(subject, token, account.userId);
        await model.take(before);
        const [atFirst, created] = [model.posts, model.created];
        let page = 0;
        const gone: string[][] = [];
        const listed = await allPages(subject.there.posts, token, limit, async () => {
          await model.take(between[page++] ?? []);
          gone.push(model.deleted);
        });
        const ids = listed.map(({ id }) => id);
        expect(ids).to.deep.equal([...new Set(ids)].sort().toReversed());
        const stayed = atFirst.filter(({ id }) => !model.deleted.includes(id));
        expect(listed.filter(({ id }) => !model.deleted.includes(id)).filter(({ id }) => id <= created)).to.deep.equal(
          stayed.toReversed(),
        );
        // A page that was requested after a delete does not show the post
        for (const [at, deleted] of gone.entries()) {
          const later = ids.slice((at + 1) * limit);
          expect(later.filter((id) => deleted.includes(id))).to.deep.equal([]);
        }
        expect(await allPages(subject.here.posts, token, limit)).to.deep.equal(model.posts.toReversed());
      }),
      { numRuns: histories, endOnFailure: true },
    );
  });
}

/** The expected posts, oldest first. */
class Model {
  #posts: readonly Post[] = [];
  #deleted: readonly string[] = [];

  constructor(
    private readonly subject: PostsSubject,
    private readonly token: string,
    private readonly userId: string,
  ) {}

  get posts(): readonly Post[] {
    return this.#posts;
  }

  /** IDs of all posts deleted so far. */
  get deleted(): string[] {
    return [...this.#deleted];
  }

  /** Newest ID so far, even if its post was deleted. */
  get created(): string {
    return [...this.#posts.map(({ id }) => id), ...this.#deleted].sort().at(-1) ?? '';
  }

  async take(steps: readonly Step[]): Promise<void> {
    for (const [at, each] of steps.entries()) {
      const { posts } = at % 2 ? this.subject.here : this.subject.there;
      switch (each.do) {
        case 'create': {
          const texts = Array.from({ length: each.count }, (_, which) => String(which));
          const created = await Promise.all(
            texts.map(async (json) => ({ id: await posts.create(this.token, json), userId: this.userId, json })),
          );
          this.#posts = [...this.#posts, ...created].sort((one, other) => (one.id < other.id ? -1 : 1));
          break;
        }
        case 'delete': {
          const chosen = this.#posts[each.which % Math.max(this.#posts.length, 1)];
          if (!chosen) break;
          expect(await codeOf(posts.delete(this.token, chosen.id))).to.equal(undefined);
          this.#posts = this.#posts.filter((post) => post !== chosen);
          this.#deleted = [...this.#deleted, chosen.id];
          break;
        }
        case 'settle':
          await this.subject.settle();
      }
    }
  }
}

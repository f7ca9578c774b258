import { getPost, logout, post, view } from '../../contract/v1/calls.js';
import { KeybinClient } from '../../world/clients/keybin-client.js';
import { weighted, type ActorParts } from './actor.js';
import { isNotFound, sure } from './client.js';
import { listAll } from '../checkers/post-lists.js';
import { outcomeOf } from './requests.js';
import { V1Actor, type V1Session } from './v1-actor.js';

/** Longest pause between two requests of a client, in ms. */
const thinkingMs = 30;

const actions = weighted({ post: 40, get: 15, list: 15, logout: 5, try: 10 });

/** Logs in and out, posts and lists below `/v1`, for all accounts, through all APIs, and records the outcomes. */
export class PostClient extends V1Actor {
  /** Tokens whose logout was acknowledged. */
  readonly #loggedOut: { readonly username: string; readonly token: string }[] = [];
  #posts = 0;

  constructor(parts: ActorParts) {
    super(parts, thinkingMs);
  }

  protected async act(session: V1Session, token: string): Promise<void> {
    switch (this.parts.random.pick(actions)) {
      case 'post':
        return this.#post(session, token);
      case 'get':
        return this.#get(session, token);
      case 'list':
        return this.#list(session, token);
      case 'logout':
        return this.#logOut(session, token);
      case 'try':
        return this.#tryLoggedOut();
    }
  }

  async #post(session: V1Session, token: string): Promise<void> {
    const content = `${this.parts.name}-${++this.#posts}`;
    const api = this.api();
    const send = () => outcomeOf(this.parts.history, 'post', () => post(api, token, content));
    const outcome = await this.parts.history.during(api.baseUrl, send);
    if (outcome.kind === 'refused') return this.refused(session, outcome);
    // The contract's shape
    const id = outcome.kind === 'ok' ? (JSON.parse(outcome.text) as { post_id: string }).post_id : undefined;
    session.life.posts.sent.push({ content, ...sure(outcome), ...(id !== undefined && { id }) });
    this.served(session, outcome, `post of ${content}`);
  }

  async #get(session: V1Session, token: string): Promise<void> {
    const { life } = session;
    const { answered } = life.posts;
    if (answered.length === 0) return;
    const { id, content } = this.parts.random.pick(answered);
    const outcome = await outcomeOf(this.parts.history, 'get of a post', () => getPost(this.api(), id, token));
    // The contract's shape
    const shown = outcome.kind === 'ok' ? (JSON.parse(outcome.text) as { content: string }).content : undefined;
    if (shown === undefined && outcome.kind === 'refused' && !isNotFound(outcome)) this.refused(session, outcome);
    else if (outcome.kind !== 'unknown' && shown !== content && outcome.toMs < life.endingFromMs) {
      this.parts.history.findings.stale.push(
        `post ${id} of ${life.username} is ${shown ?? 'not there'}, and was ${content}`,
      );
    }
    this.served(session, outcome, `get of post ${id}`);
  }

  async #list(session: V1Session, token: string): Promise<void> {
    const { outcome, shown } = await listAll(this.parts.history, () => this.api(), token);
    if (outcome.kind === 'refused') this.refused(session, outcome);
    if (shown) session.life.posts.lists.push(shown);
    this.served(session, outcome, 'list of posts');
  }

  /** Logs out. Once that is acknowledged, the token must be refused now and later. */
  async #logOut(session: V1Session, token: string): Promise<void> {
    const { username } = session.life;
    const outcome = await outcomeOf(this.parts.history, 'logout', () => logout(this.api(), username, token));
    if (outcome.kind === 'refused') return this.refused(session, outcome);
    session.token = undefined;
    this.served(session, outcome, 'logout');
    if (outcome.kind !== 'ok') return; // the logout may be done at any time
    this.#loggedOut.push({ username, token });
    this.parts.history.logouts++;
    for (const url of this.parts.service.urls) await this.#tryEnded(username, token, new KeybinClient(url));
  }

  async #tryLoggedOut(): Promise<void> {
    if (this.#loggedOut.length === 0) return;
    const { username, token } = this.parts.random.pick(this.#loggedOut);
    await this.#tryEnded(username, token, this.api());
  }

  async #tryEnded(username: string, token: string, api: KeybinClient): Promise<void> {
    const outcome = await outcomeOf(this.parts.history, 'view', () => view(api, username, token));
    const isAccepted = outcome.kind === 'ok' || isNotFound(outcome);
    if (isAccepted)
      this.parts.history.findings.resurrected.push(`A token of ${username} was accepted after its logout`);
  }
}

import { expect } from 'chai';
import type { Answer } from '../../world/clients/keybin-client.js';

/** 200 `{"result":"ok"}`. */
export function expectDone(answer: Answer): void {
  expectJson(answer, '{"result":"ok"}');
}

/** 200 with exactly this JSON text. */
export function expectJson(answer: Answer, json: string): void {
  expect(answer.text).to.equal(json);
  expect(answer.status).to.equal(200);
  expect(answer.headers['content-type']).to.match(/^application\/json\b/);
}

/** 200 with this value. */
export function expectValue(answer: Answer, value: unknown): void {
  expectJson(answer, JSON.stringify({ value }));
}

/** 200 with these keys, whatever their order. */
export function expectKeys(answer: Answer, keys: readonly string[]): void {
  expect(answer.status, answer.text).to.equal(200);
  expect(answer.json).to.have.all.keys('keys');
  const { keys: listed } = answer.json as { keys: string[] }; // deep equality below looks at what is inside
  expect([...listed].sort()).to.deep.equal([...keys].sort());
}

/** An error with exactly this message, as plain text. */
export function expectError(answer: Answer, status: number, message: string): void {
  expect(`${answer.status} ${answer.text}`).to.equal(`${status} ${message}`);
  expect(answer.headers['content-type']).to.match(/^text\/plain\b/);
}

export const expectInvalidToken = (answer: Answer) => expectError(answer, 403, 'Invalid token');
export const expectInvalidCredentials = (answer: Answer) => expectError(answer, 403, 'Invalid credentials');
export const expectNoKey = (answer: Answer, key: string) => expectError(answer, 404, `Key '${key}' not found`);

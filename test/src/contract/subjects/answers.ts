import { expect } from 'chai';
import type { Answer } from '../../world/clients/keybin-client.js';

/** Asserts 200 and `{"result":"ok"}`. */
export function expectDone(answer: Answer): void {
  expectJson(answer, '{"result":"ok"}');
}

/** Asserts 200 and exactly this JSON text. */
export function expectJson(answer: Answer, json: string): void {
  expect(answer.text).to.equal(json);
  expect(answer.status).to.equal(200);
  expect(answer.headers['content-type']).to.match(/^application\/json\b/);
}

/** Asserts 200 and this value. */
export function expectValue(answer: Answer, value: unknown): void {
  expectJson(answer, JSON.stringify({ value }));
}

/** Asserts 200 and these keys, in any order. */
export function expectKeys(answer: Answer, keys: readonly string[]): void {
  expect(answer.status, answer.text).to.equal(200);
  expect(answer.json).to.have.all.keys('keys');
  const { keys: listed } = answer.json as { keys: string[] }; // deep equality below asserts the members
  expect([...listed].sort()).to.deep.equal([...keys].sort());
}

/** Asserts an error with exactly this message, as plain text. */
export function expectError(answer: Answer, status: number, message: string): void {
  expect(`${answer.status} ${answer.text}`).to.equal(`${status} ${message}`);
  expect(answer.headers['content-type']).to.match(/^text\/plain\b/);
}

export const expectInvalidToken = (answer: Answer) => expectError(answer, 403, 'Invalid token');
export const expectInvalidCredentials = (answer: Answer) => expectError(answer, 403, 'Invalid credentials');
export const expectNoKey = (answer: Answer, key: string) => expectError(answer, 404, `Key '${key}' not found`);

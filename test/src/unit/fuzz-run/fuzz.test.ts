import { expect } from 'chai';
import { routes } from '@keybin/api/routes/definitions.js';
import { Random } from '../../fault-run/random.js';
import { Actor } from '../../fuzz-run/actor.js';
import { isRejected, problemOf } from '../../fuzz-run/judge.js';
import { mutated } from '../../fuzz-run/requests/mutations.js';
import { bytesOf } from '../../fuzz-run/requests/request.js';
import { routeNames, wholeRequest } from '../../fuzz-run/requests/templates.js';

const actor = new Actor('http://127.0.0.1:1', 'ada');

function someRequests(seed: number, count: number) {
  const random = new Random(seed);
  return Array.from({ length: count }, () => mutated(wholeRequest(random.pick(routeNames), actor, random), random));
}

const bytes = (seed: number) => someRequests(seed, 500).map((request) => bytesOf(request).toString('latin1'));

const answer = (status: number, body = '') => ({
  statuses: [status],
  text: `HTTP/1.1 ${status} x\r\n\r\n${body}`,
  hung: false,
});

describe('the fuzzer', () => {
  it('has a request for each route', () => {
    expect(routeNames).to.have.members(routes.map(({ method, path }) => `${method} ${path}`));
  });

  it('makes the same requests for the same seed, and others for another', () => {
    expect(bytes(7)).to.deep.equal(bytes(7));
    expect(new Set([...bytes(7), ...bytes(8)]).size).to.be.above(800);
  });

  it('changes every route in method, target, headers and body', () => {
    const requests = someRequests(1, 5_000);
    for (const route of routeNames) {
      const whole = wholeRequest(route, actor, new Random(1));
      const changed = requests.filter((request) => request.route === route);
      const differs = (part: 'method' | 'path' | 'headers' | 'body') =>
        changed.some((request) => JSON.stringify(request[part]) !== JSON.stringify(whole[part]));
      expect([differs('method'), differs('path'), differs('headers'), differs('body')], route).to.not.include(false);
    }
  });

  const [request] = someRequests(1, 1).map((made) => ({ ...made, isHttp: true }));
  if (!request) throw new Error('There is no request');

  for (const [what, outcome] of [
    ['an answer of 500', answer(500)],
    ['a second answer of 500', { ...answer(200), statuses: [200, 500] }],
    ['no answer', { statuses: [], text: '', hung: true }],
    ['an end without an answer', { statuses: [], text: '', hung: false }],
    ['a stack', answer(400, 'Error: x\n    at f (file:///app/api/dist/x.js:1:2)')],
    ['words of a driver', answer(400, 'MongoServerError: E11000 duplicate key')],
    ['a key of Redis', answer(404, 'no {kb:1a2b3c4d:0}:pending:x')],
  ] as const) {
    it(`finds ${what}`, () => {
      expect(problemOf(request, outcome)).to.be.a('string');
    });
  }

  it('accepts correct responses, and no response to input that is not HTTP', () => {
    expect(problemOf(request, answer(404, "Key 'a' not found"))).to.equal(undefined);
    expect(problemOf({ ...request, isHttp: false }, { statuses: [], text: '', hung: false })).to.equal(undefined);
  });

  it('counts a request as rejected when none of its answers is below 400', () => {
    expect([answer(400), answer(200), { ...answer(400), statuses: [400, 200] }].map(isRejected)).to.deep.equal([
      true,
      false,
      false,
    ]);
  });
});

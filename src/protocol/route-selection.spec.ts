import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import { compileRouteSelection } from './route-selection.js';

describe('a route selection expression', () => {
  const selections: [expression: string, body: unknown, route: string | null][] = [
    ['$request.body.action', { action: 'chat' }, 'chat'],
    ['$request.body.action', { action: '' }, ''],
    ['$request.body.action', { action: 0 }, '0'],
    ['$request.body.action', { action: false }, 'false'],
    ['$request.body.action', { action: null }, null],
    ['$request.body.action', {}, null],
    ['$request.body.action', null, null],
    ['$request.body.action', 'action', null],
    ['$request.body.action', { action: ['item1', 'item2'] }, '[item1, item2]'],
    ['$request.body.action', { action: [1, null, { a: 1 }] }, '[1, null, {"a":1}]'],
    ['$request.body.action', { action: { a: 1 } }, '{"a":1}'],
    ['$request.body.action-name', { 'action-name': 'chat' }, 'chat'],
    ['$request.body.a.b.c', { a: { b: { c: 'chat' } } }, 'chat'],
    ['$request.body.a.b.c', { a: { b: 'chat' } }, null],
    ['$request.body.constructor', {}, null],
    ['$request.body.__proto__', {}, null],
    ['$request.body.length', [1, 2], '2'],
    ['${request.body.service}/${request.body.action}', { service: 'users', action: 'list' }, 'users/list'],
    ['${request.body.service}/${request.body.action}', { action: 'list' }, '/list'],
    ['${request.body.action}', { action: 'chat' }, 'chat'],
    ['v1-${request.body.a.b}!', { a: { b: 2 } }, 'v1-2!'],
    ['\\${request.body.a}', { a: 1 }, '${request.body.a}'],
    ['\\$default', { action: 'chat' }, '$default'],
    ['\\$default', null, '$default'],
    ['chat', {}, 'chat'],
  ];
  it.each(selections)('%s of %j selects %j', (expression, body, route) => {
    expect(compileRouteSelection(expression)(body)).toBe(route);
  });

  it('is evaluated once: what a client writes is never an expression', () => {
    const select = compileRouteSelection('${request.body.a}${request.body.b}');
    expect(select({ a: '${request.body.b}', b: '$request.body.a' })).toBe('${request.body.b}$request.body.a');
  });

  it('selects nothing by a value that nests deeper than the stack', () => {
    let deep: unknown = [];
    for (let depth = 0; depth < 200_000; depth++) deep = [deep];
    expect(compileRouteSelection('$request.body.action')({ action: deep })).toBeNull();
    expect(compileRouteSelection('${request.body.action}!')({ action: deep })).toBe('!');
  });

  it.each([
    '',
    '$request.header.action',
    '$request.body',
    '$request.body.',
    '$other',
    '${request.body}',
    'a${',
    '${a}',
  ])('%j is refused, with the forms that there are', (expression) => {
    expect(() => compileRouteSelection(expression)).toThrow(InvalidOptionsError);
    expect(() => compileRouteSelection(expression)).toThrow('"$request.body.action"');
  });
});

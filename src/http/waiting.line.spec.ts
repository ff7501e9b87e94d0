import { describe, expect, it } from '@jest/globals';
import { WaitingLine } from './waiting.line.js';

describe('a waiting line', () => {
  it('serves in the order of arrival, however arrivals and departures mix', () => {
    const line = new WaitingLine<number>();
    const served: number[] = [];
    for (let arrived = 0; arrived < 1_000;) {
      for (let index = 0; index < 7; index++) line.push(arrived++);
      for (let index = 0; index < 5; index++) served.push(line.shift() as number);
    }
    for (let item = line.shift(); item !== undefined; item = line.shift()) served.push(item);
    expect(served).toEqual(Array.from(served, (_, index) => index));
    expect(line.length).toBe(0);
  });

  it('lets out those that give up, and nobody else', () => {
    const line = new WaitingLine<number>();
    for (let index = 0; index < 6; index++) line.push(index);
    line.shift();
    expect(line.takeOut((item) => item % 2 === 0)).toEqual([2, 4]);
    expect(line.length).toBe(3);
    expect([line.shift(), line.shift(), line.shift(), line.shift()]).toEqual([1, 3, 5, undefined]);
  });
});

/**
 * What an application and its clients say to each other, for both to import: the data of each channel (names may have parameters, as in
 * `orders.{orderId}`), and the requests that clients make.
 *
 * @example
 * interface Shop extends WebSocketContract {
 *   channels: { 'orders.{orderId}': { status: string } };
 *   events: { checkout: { request: { cart: string }; reply: { orderId: string } } };
 * }
 */
export interface WebSocketContract {
  channels: object;
  events: object;
}

/** A contract that promises nothing. */
export interface AnyContract extends WebSocketContract {
  channels: Record<string, unknown>;
  events: Record<string, { request: unknown; reply: unknown }>;
}

/** The names that a pattern matches, as a type: `orders.{orderId}` becomes `orders.${string}`. */
export type NamesOf<Pattern extends string> = Pattern extends `${infer Head}{${string}}${infer Tail}`
  ? `${Head}${string}${NamesOf<Tail>}`
  : Pattern;

/** The names of all channels of a contract. */
export type ChannelOf<Contract extends WebSocketContract> = NamesOf<keyof Contract['channels'] & string>;

/** The data of the channels with a name. */
export type DataOf<Contract extends WebSocketContract, Name extends string> = {
  [Pattern in keyof Contract['channels'] & string]: Name extends NamesOf<Pattern>
    ? Contract['channels'][Pattern]
    : never;
}[keyof Contract['channels'] & string];

export type EventOf<Contract extends WebSocketContract> = keyof Contract['events'] & string;

export type RequestOf<
  Contract extends WebSocketContract,
  Name extends EventOf<Contract>,
> = Contract['events'][Name] extends { request: infer Data } ? Data : unknown;

export type ReplyOf<
  Contract extends WebSocketContract,
  Name extends EventOf<Contract>,
> = Contract['events'][Name] extends { reply: infer Data } ? Data : unknown;

import { InvalidResponseError, type HttpResponse } from './http.response.js';
import { readHead, type ResponseHead } from './response.head.js';

export interface ResponseLimits {
  /** How long the head may be, the heads of interim answers and the trailers of a chunked body included. */
  readonly maxHeadBytes: number;
  readonly maxBodyBytes: number;
  /** How much of the body is kept. */
  readonly maxKeptBytes: number;
}

const LIMITS: ResponseLimits = Object.freeze({ maxHeadBytes: 16_384, maxBodyBytes: 1_048_576, maxKeptBytes: 16_384 });

/** The hexadecimal size of a chunk, and extensions that nobody reads. */
const CHUNK_HEAD = /^([\da-f]{1,8})[\t ]*(?:;|$)/i;
const MAX_CHUNK_HEAD_BYTES = 256;

const enum Reading {
  Head,
  /** A body whose length is known. */
  Body,
  /** A body that ends with the connection. */
  BodyUntilEnd,
  ChunkHead,
  Chunk,
  ChunkEnd,
  Trailers,
}

/**
 * Reads the answers of one connection, one after the other, out of pieces that may be cut anywhere. It knows as much of HTTP/1.1 as the
 * answer to a POST can hold, and refuses what is ambiguous: a wrong guess would give one request the answer to another.
 */
export class ResponseParser {
  private reading = Reading.Head;
  private head: ResponseHead | null = null;
  /** The beginning of a line or a head that has not come completely. */
  private unread = '';
  private headBytes = 0;
  /** Bytes of the body, or of the chunk, that have not come yet. */
  private left = 0;
  private bodyBytes = 0;
  private body = '';

  constructor(private readonly limits: ResponseLimits = LIMITS) {}

  /** Whether any of the next answer has come. */
  get hasBegun(): boolean {
    return this.reading !== Reading.Head || this.headBytes > 0 || this.unread !== '';
  }

  /** The answer as soon as it is complete. @throws InvalidResponseError */
  push(piece: Uint8Array): HttpResponse | null {
    const text = this.unread + Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString('latin1');
    this.unread = '';
    let at = 0;
    while (at < text.length) {
      const next = this.step(text, at);
      if (next < 0) {
        this.unread = text.slice(at);
        return null;
      }
      at = next;
      if (this.head !== null && this.reading === Reading.Head) return this.complete(text.length > at);
    }
    return null;
  }

  /** The other side has ended the connection: the answer, if that is how its body ends. */
  end(): HttpResponse | null {
    return this.reading === Reading.BodyUntilEnd ? this.complete(false) : null;
  }

  /** Reads one thing and says where the next one starts; less than 0 if it is not all there. */
  private step(text: string, at: number): number {
    switch (this.reading) {
      case Reading.Head:
        return this.readHead(text, at);
      case Reading.BodyUntilEnd:
        this.take(text, at, text.length);
        return text.length;
      case Reading.Body:
      case Reading.Chunk: {
        const end = Math.min(at + this.left, text.length);
        this.left -= end - at;
        this.take(text, at, end);
        if (this.left === 0) this.reading = this.reading === Reading.Body ? Reading.Head : Reading.ChunkEnd;
        return end;
      }
      case Reading.ChunkHead:
      case Reading.ChunkEnd:
      case Reading.Trailers:
        return this.readLine(text, at);
    }
  }

  private readHead(text: string, at: number): number {
    const end = text.indexOf('\r\n\r\n', at);
    this.limitHead(this.headBytes + (end < 0 ? text.length : end + 4) - at);
    if (end < 0) return -1;
    this.headBytes += end + 4 - at;
    const head = readHead(text, at, end);
    const { status, contentLength, isChunked } = head;
    if (status === 101) refuse('switches protocols');
    // An interim answer: the one that counts follows.
    if (status < 200) return end + 4;
    this.head = head;
    if (status === 204 || status === 304 || contentLength === 0) return end + 4;
    if (isChunked) this.reading = Reading.ChunkHead;
    else if (contentLength === null) this.reading = Reading.BodyUntilEnd;
    else {
      this.limitBody(contentLength);
      this.left = contentLength;
      this.reading = Reading.Body;
    }
    return end + 4;
  }

  private readLine(text: string, at: number): number {
    const end = text.indexOf('\r\n', at);
    if (end < 0) {
      if (this.reading === Reading.Trailers) this.limitHead(this.headBytes + text.length - at);
      else if (text.length - at > MAX_CHUNK_HEAD_BYTES) refuse('has too long a line between chunks');
      return -1;
    }
    if (this.reading === Reading.Trailers) {
      this.headBytes += end + 2 - at;
      this.limitHead(this.headBytes);
      if (end === at) this.reading = Reading.Head;
    } else if (this.reading === Reading.ChunkEnd) {
      if (end !== at) refuse('has a chunk that is longer than it says');
      this.reading = Reading.ChunkHead;
    } else this.beginChunk(text.slice(at, end));
    return end + 2;
  }

  private beginChunk(line: string): void {
    const size = CHUNK_HEAD.exec(line)?.[1];
    if (size === undefined || line.length > MAX_CHUNK_HEAD_BYTES) refuse('has a malformed chunk');
    this.left = Number.parseInt(size, 16);
    this.limitBody(this.bodyBytes + this.left);
    this.reading = this.left === 0 ? Reading.Trailers : Reading.Chunk;
  }

  private take(text: string, from: number, to: number): void {
    this.bodyBytes += to - from;
    this.limitBody(this.bodyBytes);
    const room = this.limits.maxKeptBytes - this.body.length;
    if (room > 0) this.body += text.slice(from, Math.min(to, from + room));
  }

  private limitHead(bytes: number): void {
    if (bytes > this.limits.maxHeadBytes) refuse('has too long a head');
  }

  private limitBody(bytes: number): void {
    if (bytes > this.limits.maxBodyBytes) refuse('has too long a body');
  }

  private complete(hasMore: boolean): HttpResponse {
    const { status, errorType, date, keepsAlive } = this.head as ResponseHead;
    const { body, bodyBytes, reading } = this;
    this.reading = Reading.Head;
    this.head = null;
    this.headBytes = this.bodyBytes = 0;
    this.body = '';
    return {
      status,
      errorType,
      date,
      body,
      isBodyWhole: body.length === bodyBytes,
      // What comes before it was asked for would be taken for the next answer.
      keepsAlive: keepsAlive && !hasMore && reading !== Reading.BodyUntilEnd,
    };
  }
}

function refuse(fault: string): never {
  throw new InvalidResponseError(`The answer ${fault}.`);
}

import { Controller, Get, Header, type Type } from '@nestjs/common';
import type { Registry } from 'prom-client';
import { fetchPlain } from './gateway-client.js';

/** The numbers of a scrape by series, as they stand in it: `websocket_connections`, `websocket_handshakes_total{result="accepted",status="101"}`. */
export type Series = Readonly<Record<string, number>>;

/** A controller that answers `GET /metrics`, as an application has one. */
export function metricsController(registry: Pick<Registry, 'metrics'>): Type {
  @Controller()
  class MetricsController {
    @Get('metrics')
    @Header('Content-Type', 'text/plain; version=0.0.4')
    scrape(): Promise<string> {
      return registry.metrics();
    }
  }
  return MetricsController;
}

/** Scrapes an application over HTTP, and reads what it answers. */
export async function scrape(port: number): Promise<Series> {
  const { status, body } = await fetchPlain(`http://127.0.0.1:${port}/metrics`);
  if (status !== 200) throw new Error(`The scrape was answered with ${status}.`);
  return seriesOf(body);
}

export function seriesOf(exposition: string): Series {
  const lines = exposition.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => {
      const [, series, value] = /^([a-zA-Z_:][\w:]*(?:\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?) (\S+)$/.exec(line) ?? [];
      if (series === undefined || value === undefined) throw new Error(`This is no sample: ${line}`);
      return [series, Number(value)];
    }),
  );
}

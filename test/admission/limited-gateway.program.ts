// An application with the embedded gateway as a program, configured by environment variables alone. Tells its address when it listens.
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EmbeddedGateway, WebSocketModule } from '../../src/index.js';

@Module({ imports: [WebSocketModule.forRoot({ gateway: { port: 0 } })] })
class AppModule {}

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
process.on('disconnect', () => process.exit());
process.send?.(app.get(EmbeddedGateway).url);

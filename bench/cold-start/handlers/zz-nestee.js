import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
class AppModule {}
Module({imports:[EventEmitterModule.forRoot()]})(AppModule);
const starting = NestFactory.createApplicationContext(AppModule, { logger: ['warn', 'error'] });
export async function handler() { await starting; return { statusCode: 200 }; }

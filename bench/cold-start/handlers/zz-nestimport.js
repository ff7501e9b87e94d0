import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
globalThis.x=[Module,NestFactory];
export async function handler() { return { statusCode: 200 }; }

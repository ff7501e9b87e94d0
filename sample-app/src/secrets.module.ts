import { Module } from '@nestjs/common';
import { Secrets } from './secrets.js';

@Module({ providers: [{ provide: Secrets, useFactory: () => new Secrets() }], exports: [Secrets] })
export class SecretsModule {}

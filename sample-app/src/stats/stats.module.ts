import { Module } from '@nestjs/common';
import { SecretsModule } from '../secrets.module.js';
import { Stats } from './stats.js';

@Module({ imports: [SecretsModule], providers: [Stats] })
export class StatsModule {}

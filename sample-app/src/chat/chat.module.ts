import { Module } from '@nestjs/common';
import { SecretsModule } from '../secrets.module.js';
import { DirectMessages } from './direct.messages.js';
import { Invitations } from './invitations.js';
import { PrivateRooms } from './private.rooms.js';
import { RoomList } from './room.list.js';

@Module({ imports: [SecretsModule], providers: [Invitations, PrivateRooms, RoomList, DirectMessages] })
export class ChatModule {}

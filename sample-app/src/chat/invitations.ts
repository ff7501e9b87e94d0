import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Secrets } from '../secrets.js';

/** Letters that let whoever has one into a private room: its id and its title, signed. No list of them is kept anywhere. */
@Injectable()
export class Invitations {
  constructor(@Inject(Secrets) private readonly secrets: Secrets) {}

  /** Makes up a room that nobody can guess, and the invitation to it. */
  create(title: string): { readonly room: string; readonly invitation: string } {
    const room = randomBytes(12).toString('base64url');
    const letter = `${room}.${Buffer.from(title).toString('base64url')}`;
    return { room, invitation: `${letter}.${this.secrets.sign(letter)}` };
  }

  /** Whether this is an invitation to the room. */
  isFor(room: string, invitation: unknown): boolean {
    if (typeof invitation !== 'string') return false;
    const [invitedTo, title, signature] = invitation.split('.');
    return invitedTo === room && this.secrets.hasSigned(`${room}.${title}`, signature ?? '');
  }
}

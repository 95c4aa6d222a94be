import type { Response } from 'express';
import { z } from 'zod';
import { type Operation, operation } from '../../packages/http/operation.ts';
import { sendVersion } from '../../packages/http/preconditions.ts';
import type { CrmContext } from '../customers/index.ts';
import { changeOrder, createOrder, type PlacedOrder } from './change-order.ts';
import type { OrderCommand } from './order.ts';
import { newOrderSchema, orderPatchSchema, orderPath, orderResponse, showOrder } from './order-schemas.ts';
import { changeHeaders, commandHeaders, toOrderRequest } from './request-headers.ts';

const changeErrors = ['order-unknown', 'order-transition-refused', 'version-differs', 'key-reused'];

/** `POST /orders` */
export const createOperation = (context: CrmContext): Operation =>
  operation({
    summary: 'Create an order',
    description:
      'The total is quantity × unitPrice, in minor units of the currency. With an Idempotency-Key the request can be repeated at ' +
      'any time: the same body gets the order as it was created, and it is created once. Errors are not stored.',
    headers: z.object(commandHeaders),
    body: newOrderSchema,
    responses: {
      201: {
        ...orderResponse,
        headers: {
          ...orderResponse.headers,
          Location: { description: 'The path of the order.', example: '/orders/0b0f8f0e-6f0a-4c59-9d6c-6f1f0e0d5a01' },
        },
      },
    },
    errors: ['customer-unknown', 'customer-erased', 'total-too-large', 'key-reused', 'answer-erased'],
    handle: async ({ headers, body }, res) => {
      const { place = null, ...data } = body;
      const created = await createOrder(context, { data, place }, toOrderRequest(headers, res));
      sendOrder(res.status(201).location(`/orders/${created.order.orderId}`), created);
    },
  });

/** `PATCH /orders/{orderId}` */
export const updateOperation = (context: CrmContext): Operation =>
  operation({
    summary: 'Change quantity or date of a pending order',
    description:
      'A JSON merge patch (RFC 7396): omitted fields stay. A patch that changes nothing makes no new version.',
    path: orderPath,
    headers: z.object(changeHeaders),
    body: orderPatchSchema,
    bodyTypes: ['application/merge-patch+json', 'application/json'],
    responses: { 200: orderResponse },
    errors: [...changeErrors, 'total-too-large'],
    handle: async ({ path: { orderId }, headers, body }, res) =>
      sendOrder(
        res,
        await changeOrder(context, { type: 'UpdateOrder', orderId, ...body }, toOrderRequest(headers, res)),
      ),
  });

type Move = Exclude<OrderCommand['type'], 'CreateOrder' | 'UpdateOrder'>;

/** A command without a body, which moves the order to another status. */
export const moveOperation = (context: CrmContext, type: Move, summary: string): Operation =>
  operation({
    summary,
    path: orderPath,
    headers: z.object(changeHeaders),
    responses: { 200: orderResponse },
    errors: changeErrors,
    handle: async ({ path: { orderId }, headers }, res) =>
      sendOrder(res, await changeOrder(context, { type, orderId }, toOrderRequest(headers, res))),
  });

const sendOrder = (res: Response, { order, place }: PlacedOrder): void =>
  sendVersion(res, order.version, showOrder(order, place));

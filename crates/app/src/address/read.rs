//! Reading addresses: a whole book, a single address, and the books of many customers.

use super::{AddressError, Addresses, expect_customer};
use customer_domain::address::{Address, AddressBook, AddressRef};
use customer_domain::customer::CustomerRef;
use customer_domain::{Context, CustomerId, StoreError};
use std::collections::HashMap;
use tracing::instrument;

/// An address and the customer that it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldAddress {
    /// The customer.
    pub customer: CustomerId,
    /// The address.
    pub address: Address,
}

impl Addresses {
    /// Returns the book of a customer, deleted or not.
    ///
    /// # Errors
    /// [`AddressError::NotFound`], or an error of the store.
    #[instrument(name = "app.address.book", level = "debug", skip_all)]
    pub async fn book(
        &self,
        context: &Context,
        customer: CustomerRef,
    ) -> Result<AddressBook, AddressError> {
        let book = self.reads.book(context, customer).await?;
        book.ok_or(AddressError::NotFound)
    }

    /// Returns an address of a customer.
    ///
    /// # Errors
    /// [`AddressError::NotFound`], [`AddressRule::NotFound`](super::AddressRule::NotFound), or an
    /// error of the store.
    #[instrument(name = "app.address.get", level = "debug", skip_all)]
    pub async fn get(
        &self,
        context: &Context,
        customer: CustomerRef,
        address: AddressRef,
    ) -> Result<HeldAddress, AddressError> {
        let book = self.book(context, customer).await?;
        Ok(HeldAddress {
            customer: book.customer(),
            address: book.get(address)?.clone(),
        })
    }

    /// Succeeds if the customer exists and is the one that the caller stated.
    ///
    /// # Errors
    /// [`AddressError::NotFound`], [`AddressError::ReadOnly`], or an error of the store.
    #[instrument(name = "app.address.exists", level = "debug", skip_all)]
    pub async fn exists(
        &self,
        context: &Context,
        customer: CustomerRef,
        stated: Option<CustomerRef>,
    ) -> Result<(), AddressError> {
        let book = self.book(context, customer).await?;
        expect_customer(stated, customer, book.customer())
    }

    /// Returns the addresses of each of these customers; a customer without addresses is left out.
    ///
    /// # Errors
    /// An error of the store.
    #[instrument(name = "app.address.books", level = "debug", skip_all)]
    pub async fn books(
        &self,
        context: &Context,
        customers: &[CustomerId],
    ) -> Result<HashMap<CustomerId, Vec<Address>>, StoreError> {
        self.reads.books(context, customers).await
    }
}
